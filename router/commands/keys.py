"""``cordboard keys``: make an API key; the secret is shown once, the configuration gets its hash."""

import argparse
import secrets

from router.keys import SCOPES, mint


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("action", choices=("new",), help="new: make a key.")
    parser.add_argument("--id", required=True, help="Name of the key, shown in logs.")
    parser.add_argument("--tenant", default="default", help="Whose key it is (default).")
    parser.add_argument(
        "--scopes", default="admin", help=f"Comma-separated, of: {', '.join(SCOPES)} (admin)."
    )


def run(given: argparse.Namespace) -> int:
    """Print the key, and the lines for the configuration."""
    scopes = [scope.strip() for scope in given.scopes.split(",") if scope.strip()]
    unknown = [scope for scope in scopes if scope not in SCOPES]
    if unknown:
        print(f"--scopes has {unknown[0]!r}; expected some of {', '.join(SCOPES)}")
        return 2
    key, credential = mint(given.id, secrets.token_bytes(20))
    print(f"# The key; it is not shown again:\n#   {key}\n[[auth.keys]]")
    print(f'id = "{credential.id}"\nsha256 = "{credential.sha256}"\ntenant = "{given.tenant}"')
    print(f"scopes = {scopes!r}".replace("'", '"'))
    return 0
