"""What is promised: this app's sections of the configuration file."""
