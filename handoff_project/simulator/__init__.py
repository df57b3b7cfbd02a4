"""The routing simulator: pages beside a rule set on which it is tried, before it holds or after."""
