"""应急联动, the rules. PURE: who owes which measures, which stage follows, when a county is late, how reports add up."""
