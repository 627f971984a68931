"""The sign-in page: plain HTML, so that it works before any script has loaded."""

from __future__ import annotations

from html import escape
from urllib.parse import urlsplit

_STYLE = """
:root { color-scheme: light dark; --ink:#22261f; --soft:#667066; --paper:#f6f4ee; --card:#fff;
  --line:#e3dfd3; --accent:#1f6f54; --on-accent:#fff; --bad:#a2372c; --bad-paper:#fbeceb; }
@media (prefers-color-scheme: dark) { :root { --ink:#e7e9e2; --soft:#9ba59c; --paper:#151815;
  --card:#1f2420; --line:#333a34; --accent:#4fb58f; --on-accent:#0d1a14; --bad:#f0a49b;
  --bad-paper:#3a201d; } }
* { box-sizing: border-box; }
body { margin:0; min-height:100vh; display:grid; place-items:center; padding:24px;
  background:var(--paper); color:var(--ink);
  font:16px/1.5 Inter,'Segoe UI',system-ui,-apple-system,'Noto Sans',sans-serif; }
main { width:100%; max-width:380px; }
.brand { display:flex; gap:12px; align-items:center; margin-bottom:20px; }
.brand svg { width:38px; height:38px; color:var(--accent); }
.brand b { font-size:22px; letter-spacing:-.01em; } .brand span { color:var(--soft); }
form { background:var(--card); border:1px solid var(--line); border-radius:12px; padding:26px; }
h1 { font-size:18px; margin:0 0 16px; }
label { display:block; font-size:14px; font-weight:600; margin:14px 0 5px; }
input { width:100%; font:inherit; padding:9px 11px; color:inherit; background:var(--paper);
  border:1px solid var(--line); border-radius:8px; }
input:focus-visible, button:focus-visible { outline:2px solid var(--accent); outline-offset:1px; }
button { width:100%; margin-top:22px; padding:10px; font:inherit; font-weight:600; cursor:pointer;
  color:var(--on-accent); background:var(--accent); border:0; border-radius:8px; }
.refused { background:var(--bad-paper); color:var(--bad); border-radius:8px; padding:10px 12px;
  font-size:14px; }
p.note { color:var(--soft); font-size:13px; margin:16px 2px; }
"""

_MARK = (
    '<svg viewBox="0 0 32 32" fill="none" stroke="currentColor" stroke-width="2.2"'
    ' stroke-linecap="round" aria-hidden="true"><path d="M16 30V10"/>'
    '<path d="M16 14c-5 0-7-3-7-7 5 0 7 3 7 7zM16 14c5 0 7-3 7-7-5 0-7 3-7 7z"/>'
    '<path d="M16 22c-5 0-7-3-7-7 5 0 7 3 7 7zM16 22c5 0 7-3 7-7-5 0-7 3-7 7z"/>'
    '<path d="M16 8c-2-2-2-4 0-6 2 2 2 4 0 6z"/></svg>'
)


def local_path(wanted: str) -> str:
    """A path on this console, or "/" for anything that could lead elsewhere."""
    parts = urlsplit(wanted)
    leads_away = parts.scheme or parts.netloc or "\\" in wanted or not wanted.startswith("/")
    own_page = wanted.startswith(("/sign-in", "/sign-out", "/api/"))
    return "/" if leads_away or own_page or wanted.startswith("//") else wanted


def sign_in_page(*, next_path: str, email: str = "", refusal: str = "") -> str:
    told = f'<p class="refused" role="alert">{escape(refusal)}</p>' if refusal else ""
    focus_email = "" if email else "autofocus"
    focus_password = "autofocus" if email else ""
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Sign in · Winnow</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="data:,"><style>{_STYLE}</style></head>
<body><main>
<div class="brand">{_MARK}<div><b>Winnow</b><br>
<span>Trust &amp; safety workbench</span></div></div>
<form method="post" action="/sign-in">
<h1>Sign in</h1>{told}
<input type="hidden" name="next" value="{escape(next_path)}">
<label for="email">Email</label>
<input id="email" name="email" type="email" autocomplete="username" required {focus_email}
 value="{escape(email)}">
<label for="password">Password</label>
<input id="password" name="password" type="password" autocomplete="current-password" required
 {focus_password}>
<button type="submit">Sign in</button>
</form>
<p class="note">No account yet, or a forgotten password? An administrator of your organisation
can help under Settings.</p>
</main></body></html>"""
