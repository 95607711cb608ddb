import { randomUUID } from 'node:crypto';
import { lstatSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { crc32 } from '../check/crc32.js';

// A process that is killed while it saves leaves its temporary file. The file's name says whose it is, so that another process can tell
// what is left from what is being written:
//
//   .simdprop-MACHINE-PID-START-UUID.tmp
//
// PID alone is not enough: in a container that is started again and again it is the same each time. START is when the process began, in
// ticks, and 0 where the system does not say.

const NAME = /^\.simdprop-([0-9a-f]{8})-(\d{1,10})-(\d{1,20})-[0-9a-f-]{36}\.tmp$/;

/** What another machine left in a shared folder is known by its age alone. */
const MOST_AGE_MS = 24 * 3600 * 1000;

/** Each is looked through once in the life of the process. */
const cleaned = new Set<string>();

/** A path in the folder for a file that is being written. */
export function temporaryIn(folder: string): string {
  return join(folder, `.simdprop-${machine()}-${process.pid}-${startOf(process.pid) ?? 0}-${randomUUID()}.tmp`);
}

/** Removes what processes that no longer run have left in the folder, at the first call for it; what cannot be removed stays. */
export function removeLeftovers(folder: string): void {
  if (cleaned.has(folder)) return;
  cleaned.add(folder);
  for (const name of namesIn(folder)) {
    const [, where, pid, start] = NAME.exec(name) ?? [];
    if (where === undefined) continue;
    const path = join(folder, name);
    try {
      const isLeft = where === machine() && !isRunning(Number(pid), start);
      if (isLeft || Date.now() - lstatSync(path).mtimeMs > MOST_AGE_MS) rmSync(path);
    } catch {
      // another process was faster, or the file is somebody else's
    }
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    // files may be put there, but not listed
    return [];
  }
}

let machineName: string | undefined;

/** Where process numbers mean the same: this start of the machine and its container, or the name of the machine. */
function machine(): string {
  if (machineName !== undefined) return machineName;
  let text: string;
  try {
    text = readFileSync('/proc/sys/kernel/random/boot_id', 'latin1') + readlinkSync('/proc/self/ns/pid');
  } catch {
    text = hostname();
  }
  machineName = crc32(new TextEncoder().encode(text)).toString(16).padStart(8, '0');
  return machineName;
}

function isRunning(pid: number, start: string): boolean {
  const began = startOf(pid);
  if (began !== undefined && start !== '0') return began === start;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** When a process began; undefined where there is no such process, or no /proc. */
function startOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // the 22nd of its fields; the second is the program's name in brackets, and may hold blanks and brackets
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  } catch {
    return undefined;
  }
}
