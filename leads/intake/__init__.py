"""The single door: whatever sends leads or touchpoints comes through `receive`."""
