"""HTTP 网关: any provider with an HTTP interface, described by one TOML file in config/providers/.

`description` is the shape of such a file, `files` finds it; `filling` makes a request of it, `signers` signs it, `answers`
reads what comes back; `channel` hands over, `hooks` takes callbacks in, `poller` asks where none can come.
"""
