"""Tell whoever started the demo where it is, who may log in, and what to try."""

from __future__ import annotations

import os

from demo.sales.seeding.access import PASSWORD, USERS
from demo.settings import FOLDER
from demo.story.server import Server


def invite(server: Server) -> None:
    """Print addresses, users and lines that work."""
    print(f"\nServing until Ctrl-C, or kill {os.getpid()}:")
    print(f"  API     {server.address}/api/sync/")
    print(f"  pages   {server.address}/api/sync/config/   (office)")
    print(f"  admin   {server.address}/admin/   (office)")
    print(f"  folder  {FOLDER}\n")
    print(f"Users, all with the password {PASSWORD}:")
    for person in USERS:
        groups = ", ".join(f"{group} of {slug}" for slug, group in person.groups)
        print(f"  {person.username:<8}{groups or 'superuser, staff'}")
    print("\nTwo visits as anna sees them:")
    print("  " + curl_line(server) + "\n", flush=True)


def curl_line(server: Server) -> str:
    """Return a line for the shell that logs in and pulls."""
    api = server.address + "/api/sync"
    token = (
        f"curl -s {api}/auth/token/ -d username=anna -d password={PASSWORD}"
        " | python3 -c 'import json, sys; print(json.load(sys.stdin)[\"token\"])'"
    )
    body = '{"models": ["sales.Visit"], "batch_size": 2}'
    return (
        f"curl -s {api}/pull/ -H \"Authorization: Bearer $({token})\" -H 'Content-Type: application/json' -d '{body}'"
    )
