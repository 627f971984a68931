"""One believable document of each kind, shown in the API's description."""

from collections.abc import Mapping

EXAMPLES: Mapping[str, Mapping[str, object]] = {
    "item-types": {
        "name": "Post",
        "kind": "CONTENT",
        "fields": [
            {"name": "text", "type": "STRING", "required": True},
            {"name": "author", "type": "RELATED_ITEM", "required": True},
        ],
        "roles": {"creatorId": "author"},
    },
    "policies": {
        "name": "Scams",
        "text": "No offers that ask for money up front.",
        "type": "FRAUD",
        "severity": "HIGH",
        "strikeWeight": 2,
        "locales": {"de": {"name": "Betrug", "text": "Keine Angebote gegen Vorkasse."}},
    },
    "actions": {
        "name": "Remove post",
        "type": "CUSTOM_ACTION",
        "callbackUrl": "https://platform.example/moderation/remove",
        "callbackUrlHeaders": {"X-Team": "trust"},
        "parameters": [{"name": "notify", "type": "BOOLEAN", "defaultValue": True}],
    },
    "banks": {
        "name": "crypto-scams",
        "description": "Phrases of investment scams",
        "terms": [
            {"text": "guaranteed profit", "mode": "word", "note": "the classic"},
            {"text": "t\\.me/[a-z]+_signals", "mode": "regex"},
        ],
    },
    "rules": {
        "name": "Crypto scam from a busy account",
        "status": "SHADOW",
        "where": "matches(text, 'crypto-scams') AND count_recent(creator, '1 hour') > 5",
        "itemTypeIds": ["<id of Post>"],
        "actionIds": ["<id of Remove post>"],
        "policyIds": ["<id of Scams>"],
        "examples": [{"data": {"text": "hello"}, "matches": False, "note": "small talk"}],
    },
    "queues": {"name": "Scams", "slaMinutes": 240, "hiddenActionIds": []},
    "routing-rules": {
        "name": "Scams go to the scam desk",
        "status": "LIVE",
        "kind": "DEFAULT",
        "where": "list_contains(_policies, '<id of Scams>') OR matches(text, 'crypto-scams')",
        "itemTypeIds": ["<id of Post>"],
        "queueId": "<id of Scams>",
    },
}
