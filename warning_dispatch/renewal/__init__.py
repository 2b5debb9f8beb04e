"""年度更新备案, the rules. PURE: the life of a filing, who is asked and when, what needs approval, what must be proved."""
