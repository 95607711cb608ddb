import { randomUUID } from 'node:crypto';
import { lstatSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { crc32 } from '../check/crc32.js';

// A process that is killed while it saves leaves a temporary file. Its name tells other processes which process wrote
// it, so that they can remove it without touching files that are still being written:
//
//   .simdprop-MACHINE-PID-START-UUID.tmp
//
// START is the time when the process started, in ticks, or 0 where the system does not tell. It is needed because in a
// container that is restarted, each process has the same PID.

const NAME = /^\.simdprop-([0-9a-f]{8})-(\d{1,10})-(\d{1,20})-[0-9a-f-]{36}\.tmp$/;

/** Files of another machine in a shared folder are removed at this age, because its processes are not known here. */
const MOST_AGE_MS = 24 * 3600 * 1000;

/** The folders that this process has already cleaned. It cleans each of them once. */
const cleaned = new Set<string>();

/** A new path in the folder for a temporary file of this process. */
export function temporaryIn(folder: string): string {
  return join(folder, `.simdprop-${machine()}-${process.pid}-${startOf(process.pid) ?? 0}-${randomUUID()}.tmp`);
}

/**
 * Removes the temporary files of processes that no longer run, at the first call for a folder. Files that cannot be
 * removed are kept without an error.
 */
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
      // another process has removed the file already, or the file belongs to another user
    }
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    // a folder may allow new files but no listing
    return [];
  }
}

let machineName: string | undefined;

/** Identifies where PIDs are unique: the machine since it was booted and the container, or the name of the machine. */
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
  const started = startOf(pid);
  if (started !== undefined && start !== '0') return started === start;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** The time when a process started, in ticks. Undefined if there is no such process, or no /proc. */
function startOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // the 22nd field; the second one is the name of the program in brackets, which may itself contain blanks and
    // brackets
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  } catch {
    return undefined;
  }
}
