"""A street behind Django."""
