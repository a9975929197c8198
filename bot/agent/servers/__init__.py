"""MCP servers of the operator as tools of the agent (W14).

Promises: the protocol is the SDK's; what a server says is bounded and made harmless before anybody
uses it; a server that hangs, dies or floods costs only its own time.
"""
