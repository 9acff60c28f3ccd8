"""How well a pour went: metrics and reports, from bags or from closed-loop episodes."""
