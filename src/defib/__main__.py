"""``python -m defib``."""

from defib.cli import main

if __name__ == "__main__":
    main()
