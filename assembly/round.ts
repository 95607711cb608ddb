import {
  BIAS_GRADIENTS,
  CHUNK_ROWS,
  GRADIENTS,
  HEADER,
  PARAMETER_FLOATS,
  ROUND_CHUNKS,
  ROUND_COSTS,
  ROUND_SUMS,
  SLOPE_GRADIENTS,
  TRAINING_SET,
  WEIGHT_GRADIENTS,
} from './abi';
import { startMasks } from './dropout';
import { gather } from './gather-samples';
import {
  addAllGradients,
  addCosts,
  backwardShare,
  costRows,
  forwardShare,
  isWrong,
  noteCost,
  noteStepCost,
} from './pass';
import { barrier, rejoin, shareEnd, shareStart, thread, threads, workAlone } from './team';
import { addToShare, clearShare } from './update';

// How threads share a step of many chunks of a small network. In a round, each thread computes some chunks alone: it
// passes them through the network in rows of the batch of its own, and writes the sums of their gradients to a place
// for each chunk. Then the sums of all chunks are added to the gradients, chunk after chunk, by all threads together.
// Threads wait for each other twice in a round. They exchange the sums of gradients, which for a small network are far
// fewer numbers than the z, a and delta of a chunk. Bits are those of chunks that are computed one after the other,
// because each sum has the same terms in the same order.

/** True if the threads of this call train chunks in rounds. */
export function hasRounds(): bool {
  return threads() > 1 && load<u32>(HEADER, ROUND_CHUNKS) != 0;
}

/**
 * Adds up the gradients of whole chunks from sample `position` on, which is row `stepRow` of a step of `stepRows`, as
 * far as all threads can have equally many of them. `chunks` are left of the call. It leaves out the last chunk of the
 * call and that of the step, so that the batch holds the last chunk when they end. Returns how many chunks it has
 * computed: it ends before the first one whose cost is not finite.
 */
export function trainRounds(position: i32, chunks: i32, stepRow: i32, stepRows: i32): i32 {
  const rows = load<i32>(HEADER, CHUNK_ROWS);
  const most = load<i32>(HEADER, ROUND_CHUNKS);
  const count = threads();
  let left = min(chunks - 1, (stepRows - stepRow - 1) / rows);
  let done = 0;
  // each thread has the same number of chunks
  while (left >= count) {
    const now = (min(left, most) / count) * count;
    const finite = trainRound(position + done * rows, now, stepRow + done * rows, stepRows);
    done += finite;
    left -= now;
    if (finite < now) break;
  }
  return done;
}

/** One round of `count` chunks. Returns how many there are before the first one whose cost is not finite. */
function trainRound(position: i32, count: i32, stepRow: i32, stepRows: i32): i32 {
  const rows = load<i32>(HEADER, CHUNK_ROWS);
  const costs = <usize>load<u32>(HEADER, ROUND_COSTS);
  const sums = <usize>load<u32>(HEADER, ROUND_SUMS);
  const end = shareEnd(count);
  let chunk = shareStart(count);
  workAlone();
  for (; chunk < end; ++chunk) {
    const before = chunk * rows;
    store<f64>(costs + ((<usize>chunk) << 3), sumChunk(sumsOf(sums, chunk), position + before, rows, stepRow + before));
  }
  rejoin();
  barrier();
  let finite = 0;
  for (; finite < count; ++finite) {
    const cost = load<f64>(costs + ((<usize>finite) << 3));
    if (isWrong(cost)) break;
    if (thread() == 0) {
      noteCost(cost);
      noteStepCost(cost, stepRow + finite * rows, stepRows);
    }
  }
  if (stepRow == 0 && finite > 0) clearShare();
  addToShare(sums, finite, <f32>(1 / <f64>stepRows));
  // the next round overwrites the sums
  barrier();
  return finite;
}

/** The address of the sums of a chunk's gradients. */
function sumsOf(sums: usize, chunk: i32): usize {
  return sums + <usize>chunk * ((<usize>load<u32>(HEADER, PARAMETER_FLOATS)) << 2);
}

/**
 * sums = the sums of the gradients of a chunk of `rows` samples from `position` on, which begins with row `stepRow` of
 * its step. Returns the sum of the costs.
 */
function sumChunk(sums: usize, position: i32, rows: i32, stepRow: i32): f64 {
  const row = thread() * rows;
  gather(HEADER + TRAINING_SET, position, row, rows);
  startMasks(stepRow - row);
  forwardShare(row, rows, rows, true);
  costRows(row, rows);
  backwardShare(row, rows, rows);
  memory.fill(sums, 0, (<usize>load<u32>(HEADER, PARAMETER_FLOATS)) << 2);
  const shift = sums - <usize>load<u32>(HEADER, GRADIENTS);
  addAllGradients(WEIGHT_GRADIENTS, BIAS_GRADIENTS, SLOPE_GRADIENTS, shift, row, rows, 1);
  return addCosts(0, row, rows);
}
