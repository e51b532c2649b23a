"""command -- the command line that deploy/broker and deploy/postgres share: start DIR, stop DIR."""

import sys

from local.daemon import Failed


def start_or_stop(name, description, make, show):
    """Exit status: 0 done, 2 usage, 3 failed, which leaves nothing running."""
    if len(sys.argv) != 3 or sys.argv[1] not in ("start", "stop"):
        print(description.strip(), file=sys.stderr)
        return 2
    daemon = make(sys.argv[2])
    try:
        if sys.argv[1] == "start":
            daemon.start()
            print(show(daemon))
        else:
            daemon.stop()
    except (Failed, OSError) as why:
        print(f"{name}: {why}", file=sys.stderr)
        daemon.stop()
        return 3
    except KeyboardInterrupt:
        daemon.stop()
        return 130
    return 0
