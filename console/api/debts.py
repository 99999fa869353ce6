"""/debts and /balance-files: what is owed, paid and promised, and what creditors say of it."""

from __future__ import annotations

import hashlib
from datetime import date, tzinfo
from functools import partial
from typing import Any

from compliance.zones import zone_named
from console.api.access import Role, Scope
from console.api.debt_shapes import (
    BalanceFilePage,
    BalanceFileShape,
    DebtOrder,
    DebtPage,
    DebtShape,
    DebtsQuery,
    NewBalance,
    NewBalanceFile,
    NewDebt,
    NewPayment,
    NewPromise,
    PaymentList,
    PromiseList,
    PromiseShape,
    balance_file_shape,
    debt_shape,
    payment_shape,
    promise_shape,
)
from console.api.operation import Answer, Asked, Operation
from console.api.pages_of import PageQuery, after_of, next_of
from console.api.parts import ApiParts
from console.api.problem import FieldError, Problem
from dialer.debts.debt import Debt, DebtMove
from dialer.debts.promise import Instalment, Payment, Promise
from dialer.debts.promising import instalments_of
from dialer.debts.reconciling import BalanceFile, BalanceRow
from engine.registers.debts import DebtFilter
from engine.registers.refusals import Missing, Refused
from history.interaction import ContactPoint, PointKind
from history.points import WrongPoint, phone_of

_TAG = "debts"
_LARGEST_FILE = 4 << 20
_MOVES = {
    DebtMove.DISPUTE: "The person says that they do not owe it: nobody is contacted about it",
    DebtMove.UPHOLD: "The dispute is settled: it is owed",
    DebtMove.STOP: "Nobody is to be contacted about it",
    DebtMove.RELEASE: "They may be contacted about it again",
    DebtMove.WITHDRAW: "The creditor takes it back",
}


class DebtsApi:
    def __init__(self, parts: ApiParts) -> None:
        self._parts = parts
        self._debts = parts.debts

    def operations(self) -> tuple[Operation, ...]:
        read: dict[str, Any] = {"tag": _TAG, "scope": Scope.DEBTS_READ, "role": Role.SUPERVISOR}
        seen: dict[str, Any] = {**read, "notes": "debt.seen"}
        write: dict[str, Any] = {"tag": _TAG, "scope": Scope.DEBTS_WRITE, "role": Role.MANAGER}
        get, post = partial(Operation, "GET"), partial(Operation, "POST")
        one, files = "/debts/{debt_id}", "/balance-files"
        return (
            get("/debts", "list_debts", self._list, "Debts", query=DebtsQuery, answer=DebtPage, **seen),
            post(
                "/debts", "add_debt", self._add, "Add a debt",
                body=NewDebt, answer=DebtShape, status=201, keyed=True, **write,
            ),
            get(one, "get_debt", self._get, "One debt, with its balances", answer=DebtShape, **seen),
            post(
                f"{one}/balance", "set_debt_balance", self._set_balance, "What is owed now",
                description="0 settles it.",
                body=NewBalance, answer=DebtShape, keyed=True, **write,
            ),
            *(
                post(
                    f"{one}/{move}", f"{move}_debt", self._mover(move), summary,
                    description="A promise that stands is cancelled, where nobody may be contacted.",
                    body=DebtOrder, answer=DebtShape, keyed=True, **{**write, "role": Role.SUPERVISOR},
                )
                for move, summary in _MOVES.items()
            ),
            get(
                f"{one}/payments", "list_payments", self._payments, "Its payments, by date",
                answer=PaymentList, **seen,
            ),
            post(
                f"{one}/payments", "add_payment", self._pay, "Money came in, or went back",
                description="The balance follows, and a promise is kept or mended.",
                body=NewPayment, answer=DebtShape, keyed=True, **write,
            ),
            get(
                f"{one}/promises", "list_promises", self._promises, "What was promised, the newest first",
                answer=PromiseList, **seen,
            ),
            post(
                f"{one}/promises", "add_promise", self._promise, "The person promises to pay",
                description="It replaces the promise that stands. Nobody is called about it while it does.",
                body=NewPromise, answer=PromiseShape, status=201, keyed=True,
                **{**write, "role": Role.SUPERVISOR},
            ),
            get(
                files, "list_balance_files", self._files, "Balances that were taken in, the newest first",
                query=PageQuery, answer=BalanceFilePage, **read,
            ),
            post(
                files, "take_balances", self._take, "Take a creditor's balances in",
                description=(
                    "All in one transaction. Debts are matched by the creditor's references; what "
                    "contradicts itself is told and left. A balance that fell counts as a payment."
                ),
                body=NewBalanceFile, answer=BalanceFileShape, keyed=True, largest_body=_LARGEST_FILE, **write,
            ),
            get(
                f"{files}/{{file_id}}", "get_balance_file", self._file,
                "What a file changed, and its conflicts", answer=BalanceFileShape, **read,
            ),
        )  # fmt: skip

    async def _list(self, asked: Asked) -> Answer:
        query: DebtsQuery = asked.query
        after = after_of(query.cursor, "id")
        if query.contact_id is None:
            wanted = DebtFilter(query.state, query.creditor, query.reference)
            page = await self._debts.page(wanted, limit=query.limit, after=after)
            found, following = list(page.items), next_of(page)
        else:
            try:
                theirs = await self._debts.of_contact(query.contact_id)
            except Missing as missing:
                raise Refused(str(missing), "contact_id") from missing
            found, following = [debt for debt in theirs if _is_wanted(debt, query)], None
        items = [debt_shape(debt) for debt in found]
        return Answer(DebtPage(items=items, next=following), seen=tuple(f"debt:{debt.id}" for debt in found))

    async def _add(self, asked: Asked) -> Answer:
        body: NewDebt = asked.body
        debt = Debt(
            id=self._parts.ids.new(),
            contact_id=body.contact_id,
            reference=body.reference,
            amount=body.amount,
            currency=body.currency,
            due=body.due,
            created_at=self._parts.clock.now(),
            creditor=body.creditor,
        )
        try:
            made = await self._debts.add(asked.actor, debt)
        except Missing as missing:
            raise Refused(str(missing), "contact_id") from missing
        headers = {"Location": f"/api/v1/debts/{made.id}"}
        return Answer(debt_shape(made), version=made.version, headers=headers)

    async def _get(self, asked: Asked) -> Answer:
        return _shown(await self._debts.get(asked.path["debt_id"]))

    async def _set_balance(self, asked: Asked) -> Answer:
        body: NewBalance = asked.body
        return _shown(
            await self._debts.set_balance(asked.actor, asked.path["debt_id"], body.amount, as_of=body.as_of)
        )

    def _mover(self, move: DebtMove) -> Any:
        async def moved(asked: Asked) -> Answer:
            body: DebtOrder = asked.body
            debt = asked.path["debt_id"]
            return _shown(await self._debts.move(asked.actor, debt, move, body.reason))

        return moved

    async def _payments(self, asked: Asked) -> Answer:
        found = await self._debts.payments((await self._debts.get(asked.path["debt_id"])).id)
        return Answer(PaymentList(items=[payment_shape(one) for one in found]))

    async def _pay(self, asked: Asked) -> Answer:
        body: NewPayment = asked.body
        if body.amount == 0:
            raise Refused("Give what was paid; or, below 0, what went back.", "amount")
        debt = asked.path["debt_id"]
        payment = Payment(body.id, debt, body.amount, body.paid_on, self._parts.clock.now())
        return _shown(await self._debts.pay(asked.actor, payment))

    async def _promises(self, asked: Asked) -> Answer:
        found = await self._debts.promises((await self._debts.get(asked.path["debt_id"])).id)
        return Answer(PromiseList(items=[promise_shape(one) for one in found]))

    async def _promise(self, asked: Asked) -> Answer:
        body: NewPromise = asked.body
        debt = await self._debts.get(asked.path["debt_id"])
        now = self._parts.clock.now()
        name, zone = await self._zone(debt, body.time_zone)
        today = now.astimezone(zone).date()
        desk = self._parts.debt_desk
        promise = Promise(
            id=self._parts.ids.new(),
            debt=debt.id,
            contact_id=debt.contact_id,
            currency=debt.currency,
            instalments=_instalments(body),
            made_at=now,
            counts_from=today,
            time_zone=name,
            call_id=body.call_id,
            grace_days=desk.rules.grace_days,
        )
        contact = await self._parts.history.contacts.get(debt.contact_id)
        reminders = await desk.reminders(promise, debt, contact, language=contact.language)
        made = await self._debts.promise(asked.actor, promise, desk.rules.terms, today, reminders)
        headers = {"Location": f"/api/v1/debts/{debt.id}/promises"}
        return Answer(promise_shape(made), headers=headers)

    async def _zone(self, debt: Debt, given: str | None) -> tuple[str, tzinfo]:
        """Whose dates a promise goes by: as given, else the person's, else the company's."""
        name = given or (await self._parts.history.contacts.get(debt.contact_id)).time_zone
        zone = None if name is None else zone_named(name)
        if name is None or zone is None:
            return str(self._parts.zone), self._parts.zone
        return name, zone

    async def _files(self, asked: Asked) -> Answer:
        after = after_of(asked.query.cursor, "id")
        page = await self._debts.reconciliations(limit=asked.query.limit, after=after)
        items = [balance_file_shape(one) for one in page.items]
        return Answer(BalanceFilePage(items=items, next=next_of(page)))

    async def _take(self, asked: Asked) -> Answer:
        body: NewBalanceFile = asked.body
        file = BalanceFile(
            id=self._parts.ids.new(),
            creditor=body.creditor,
            as_of=body.as_of,
            complete=body.complete,
            rows=await self._rows(body),
        )
        taken = await self._debts.reconcile(
            asked.actor, file, digest=_digest(body), name=body.name, dry_run=body.dry_run
        )
        return Answer(balance_file_shape(taken))

    async def _rows(self, body: NewBalanceFile) -> tuple[BalanceRow, ...]:
        """With the people that numbers belong to. Raises Problem 422."""
        rows: list[BalanceRow] = []
        wrongs: list[FieldError] = []
        for place, row in enumerate(body.rows):
            contact_id = row.contact_id
            if contact_id is not None:
                try:
                    contact_id = (await self._parts.history.contacts.get(contact_id)).id
                except Missing as missing:
                    wrongs.append(FieldError(f"body.rows[{place}].contact_id", str(missing)))
                    continue
            elif row.number is not None:
                try:
                    point = ContactPoint(PointKind.PHONE, phone_of(row.number, self._parts.region))
                except WrongPoint as wrong:
                    wrongs.append(FieldError(f"body.rows[{place}].number", str(wrong)))
                    continue
                found = await self._parts.history.contacts.by_point(point)
                contact_id = None if found is None else found.id
            rows.append(BalanceRow(place + 1, row.reference, row.amount, row.currency, row.due, contact_id))
        if wrongs:
            raise Problem(422, "invalid", "Rows are wrong: see errors.", errors=wrongs[:20])
        return tuple(rows)

    async def _file(self, asked: Asked) -> Answer:
        return Answer(balance_file_shape(await self._debts.reconciliation(asked.path["file_id"])))


def _is_wanted(debt: Debt, query: DebtsQuery) -> bool:
    return (
        (not query.state or debt.state in query.state)
        and query.creditor in (None, debt.creditor)
        and debt.reference.startswith(query.reference or "")
    )


def _instalments(body: NewPromise) -> tuple[Instalment, ...]:
    """Raises Refused for dates beyond the calendar."""
    equal = body.equal
    if equal is None:
        return tuple(Instalment(one.amount, one.due) for one in body.instalments)
    try:
        return instalments_of(equal.amount, equal.count, equal.first, equal.every)
    except (ValueError, OverflowError):
        raise Refused(f"Dates end with {date.max}: choose an earlier first day.", "equal.first") from None


def _digest(body: NewBalanceFile) -> str:
    told = body.model_dump_json(include={"creditor", "as_of", "complete", "rows"})
    return hashlib.sha256(told.encode()).hexdigest()


def _shown(debt: Debt) -> Answer:
    return Answer(debt_shape(debt), version=debt.version)
