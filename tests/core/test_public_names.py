"""The package's public names: few, and changed on purpose only."""

import registry.core


def test_the_public_names_are_these() -> None:
    assert sorted(registry.core.__all__) == [
        "Address",
        "CoreError",
        "Credential",
        "Evidence",
        "InvalidArgument",
        "Policy",
        "Quorum",
        "Refusal",
        "Step",
        "TrustEntry",
        "Verdict",
        "addresses",
        "parse_credential",
        "parse_trust",
        "questions",
        "verify",
    ]
    assert all(getattr(registry.core, name).__doc__ for name in registry.core.__all__)
