"""Quality gates: what a change must pass before it is proposed to people (§17, Q1–Q8, Q13)."""
