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
        # Few names, so that the file system stays small.
        path = os.path.join(folder, str(count % 20000))
        with open(path, "w") as file:
            file.write("x")
        count += 1
    if rate:
        time.sleep(0.01)
print(count)
