"""The servers this chat is measured beside: small ones of our own, and how to start others."""
