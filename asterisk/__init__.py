"""Asterisk behind the CallControl port: ARI, AMI, media sockets, browser visitors."""
