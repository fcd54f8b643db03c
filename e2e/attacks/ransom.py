"""Stands in for ransomware: makes every file below a folder unreadable, and says when it did each.

make FOLDER COUNT     writes documents, then says "ready"
take FOLDER LOG       writes them over with random bytes and renames them; a line of LOG for each: milliseconds, name
"""
import os
import sys
import time

ENDINGS = ['txt', 'docx', 'pdf', 'csv', 'jpg', 'odt', 'xlsx', 'py']
BYTES = 20_000
# The fastest that was measured, LockBit, took 98,561 files in four minutes and nine seconds (Splunk SURGe, "An
# Empirically Comparative Analysis of Ransomware Binaries", 2022).
FILES_PER_SECOND = 400
TEXT = (b'Dear Ann, as agreed we meet on Friday; the plans are in the folder. ' * 400)[:BYTES]


def make(folder, count):
    for number in range(count):
        place = f'{folder}/{number // 100}'
        os.makedirs(place, exist_ok=True)
        with open(f'{place}/{number}.{ENDINGS[number % len(ENDINGS)]}', 'wb') as file:
            file.write(TEXT)
    # What was made is no news any more.
    time.sleep(1)
    print('ready', flush=True)


def take(folder, log):
    begun = time.monotonic()
    taken = 0
    with open(log, 'w', buffering=1) as lines:
        for place, _, names in sorted(os.walk(folder)):
            with open(f'{place}/HOW_TO_DECRYPT_README.txt', 'w') as note:
                note.write('All your files are encrypted.\n')
            for name in sorted(names):
                time.sleep(max(0, begun + taken / FILES_PER_SECOND - time.monotonic()))
                taken += 1
                path = f'{place}/{name}'
                with open(path, 'r+b') as file:
                    file.write(os.urandom(BYTES))
                os.rename(path, f'{path}.l0cked')
                lines.write(f'{time.time() * 1000:.0f} {path}\n')


if __name__ == '__main__':
    mode, folder, last = sys.argv[1:]
    if mode == 'make':
        make(folder, int(last))
    else:
        take(folder, last)
