"""How test results leave a sandbox: told one by one, to somebody outside who writes them down."""
