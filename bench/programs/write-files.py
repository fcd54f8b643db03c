"""write-files.py FOLDER RATE SECONDS: writes new files of one byte at this rate, 0 for as fast as it can, and says how many."""

import os
import sys
import time

folder, rate, seconds = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
begun = time.monotonic()
count = 0
while time.monotonic() - begun < seconds:
    due = int((time.monotonic() - begun) * rate) if rate else count + 1000
    while count < due:
        # Few names, so that the file system stays small; not cut to nothing first, since ext4 then waits for the disk.
        path = os.path.join(folder, str(count % 20000))
        file = os.open(path, os.O_WRONLY | os.O_CREAT, 0o644)
        os.write(file, b"x")
        os.close(file)
        count += 1
    if rate:
        time.sleep(0.01)
print(count)
