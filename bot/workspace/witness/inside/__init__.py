"""What runs beside a project's tests: modules of their own names, bound by themselves."""
