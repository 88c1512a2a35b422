#!/usr/bin/env python
"""Django's command line: ``python manage.py help`` lists what there is."""

import gc
import os
import sys

from zgproject.command_line import apply_options


def main() -> None:
    """Run the command that the arguments name."""
    # Starting makes many objects and hardly any garbage: looking for it is a tenth of the time.
    gc.set_threshold(50_000, 20, 100)
    apply_options(sys.argv, os.environ)  # noqa: TID251
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "zgproject.settings")  # noqa: TID251
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line

    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        sys.exit(f"Wrong setting: {error}")


if __name__ == "__main__":
    main()
