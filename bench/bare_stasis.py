"""A bare Stasis application: it answers each call that enters, and nothing else."""

from __future__ import annotations

from bench.bare_ari import BareAri, Json, arguments, serve


async def main() -> None:
    options = arguments(__doc__, ("url", "app"))

    def entered(event: Json) -> None:
        ari.ask("POST", f"channels/{event['channel']['id']}/answer")

    ari = BareAri(options.url, options.app, options.password, {"StasisStart": entered})
    await ari.run()


if __name__ == "__main__":
    serve(main)
