"""The networks of `flow`, in torch."""
