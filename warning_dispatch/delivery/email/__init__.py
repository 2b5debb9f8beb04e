"""电子邮件: the e-mail channel over SMTP. `channel` is the port's adapter; `route` its settings."""
