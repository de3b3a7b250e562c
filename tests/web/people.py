"""People at a console in a real browser, each with a passkey of a virtual authenticator."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page

from tests.web.conftest import Console


def authenticator(page: Page, **more: object) -> None:
    """A security key that verifies its user; to be called after the first page is there."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2", "transport": "usb", "hasResidentKey": True,
        "hasUserVerification": True, "isUserVerified": True, "automaticPresenceSimulation": True,
    } | more  # fmt: skip
    session.send("WebAuthn.addVirtualAuthenticator", {"options": options})


class Person:
    """Somebody with a browser of their own."""

    def __init__(self, browser: Browser, console: Console, lang: str = "en", **more: object):
        self.url = console.origin
        self.context = browser.new_context(locale={"en": "en-GB", "ja": "ja-JP"}[lang])
        self.page = self.context.new_page()
        self.page.goto(f"{self.url}/join")
        authenticator(self.page, **more)

    def join(self, code: str, **fields: str) -> Page:
        """Register a passkey with a one-time code."""
        self.page.goto(f"{self.url}/join")
        self.page.fill("[name=code]", code)
        for name, value in fields.items():
            self.page.fill(f"[name={name}]", value)
        self.page.click("form.passkey button")
        return self.page

    def joined(self, code: str, **fields: str) -> Person:
        self.join(code, **fields).wait_for_url("**/me")
        return self

    def make_key(self) -> str:
        """A key for acts; its public half."""
        self.page.goto(f"{self.url}/me")
        self.page.click("form[data-key] button")
        self.page.wait_for_selector(".act-key")
        return str(self.page.get_attribute(".act-key", "data-public"))

    def invite(self, id: str, *roles: str) -> str:
        """Invite somebody; the code."""
        self.page.goto(f"{self.url}/people")
        form = "form[action='/people/invite']"
        self.page.fill(f"{form} [name=id]", id)
        self.page.fill(f"{form} [name=name]", f"{id} san")
        for role in roles:
            self.page.check(f"[name=roles][value={role}]")
        self.page.check("[name=firms][value='*']")
        self.page.click(f"{form} button")
        return self.page.inner_text(".answer code")

    def post(self, path: str, value: object, **headers: str) -> tuple[int, Any]:
        """What the server says to this browser; with the session's token where it has one."""
        said = self.page.evaluate(
            """async ([path, body, headers]) => {
                const token = document.querySelector("[name=token], [data-token]");
                const given = token ? { "x-sonae-token": token.dataset.token ?? token.value } : {};
                const answer = await fetch(path, { method: "POST", body,
                    headers: { "content-type": "application/json", ...given, ...headers } });
                return [answer.status, await answer.text()];
            }""",
            [path, json.dumps(value), headers],
        )
        return said[0], json.loads(said[1])

    def sign(self) -> None:
        """Look at what is signed, and sign it."""
        self.page.click("dialog [value=sign]")

    def alert(self) -> str:
        self.page.wait_for_selector("form.passkey [role=alert]:not(:empty)")
        return self.page.inner_text("form.passkey [role=alert]")


def firm(home: Path, name: str = "acme") -> Path:
    """A firm that has no close yet."""
    folder = home / name
    (folder / "closes").mkdir(parents=True)
    return folder
