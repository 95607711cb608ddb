import { adam, Network } from 'simdprop';

// the cart: position, velocity, angle, angular velocity (Barto, Sutton and Anderson, 1983)
const LIMIT = 200;
const fell = ([x, , angle]) => Math.abs(x) > 2.4 || Math.abs(angle) > (12 * Math.PI) / 180;
function push([x, velocity, angle, turn], action) {
  const force = action === 1 ? 10 : -10;
  const sin = Math.sin(angle);
  const cos = Math.cos(angle);
  const pushed = (force + 0.05 * turn ** 2 * sin) / 1.1;
  const turning = (9.8 * sin - cos * pushed) / (0.5 * (4 / 3 - (0.1 * cos ** 2) / 1.1));
  const moving = pushed - (0.05 * turning * cos) / 1.1;
  return [x + 0.02 * velocity, velocity + 0.02 * moving, angle + 0.02 * turn, turn + 0.02 * turning];
}

let number = 1; // random numbers with a seed
const random = () => {
  number = (Math.imul(number, 1664525) + 1013904223) >>> 0;
  return number / 2 ** 32;
};
const start = () => Array.from({ length: 4 }, () => 0.1 * random() - 0.05);

const options = {
  inputs: 4,
  layers: [
    { units: 64, activation: 'relu' },
    { units: 2, activation: 'linear' },
  ],
  cost: 'huber',
  seed: 1,
};
const net = await Network.create(options);
net.optimizer = adam({ learningRate: 0.001 });
const target = await Network.create(options);
const copyToTarget = () => {
  for (const [l, layer] of net.layers.entries()) {
    target.layers[l].weights = layer.weights;
    target.layers[l].biases = layer.biases;
  }
};
const better = (values, i = 0) => (values[2 * i + 1] > values[2 * i] ? 1 : 0);

const memory = [];
const lengths = [];
let steps = 0;
while (lengths.length < 1000) {
  let state = start();
  let length = 0;
  for (; length < LIMIT && !fell(state); length++) {
    const explores = random() < Math.max(0.02, 1 - steps / 3000);
    const action = explores ? Math.floor(2 * random()) : better(net.predict(Float32Array.from(state)));
    const next = push(state, action);
    memory[steps++ % 20_000] = { state, action, next };
    state = next;
    if (memory.length < 500) continue;
    const batch = Array.from({ length: 64 }, () => memory[Math.floor(random() * memory.length)]);
    const nexts = Float32Array.from(batch.flatMap((step) => step.next));
    // the network chooses the next push, the target network says what it is worth (double Q-learning)
    const choices = net.predict(nexts);
    const worth = target.predict(nexts);
    const states = Float32Array.from(batch.flatMap((step) => step.state));
    const values = net.predict(states);
    for (const [i, { action, next }] of batch.entries()) {
      values[2 * i + action] = fell(next) ? 0 : 1 + 0.99 * worth[2 * i + better(choices, i)];
    }
    net.trainBatch(states, values);
    if (steps % 200 === 0) copyToTarget();
  }
  lengths.push(length);
  if (lengths.slice(-20).reduce((sum, steps) => sum + steps) > 195 * 20) break;
}
console.log(lengths.length); // 385

// without exploring: how long does the pole stand, of 200 steps at most?
const trials = Array.from({ length: 20 }, () => {
  let state = start();
  let length = 0;
  for (; length < LIMIT && !fell(state); length++) state = push(state, better(net.predict(Float32Array.from(state))));
  return length;
});
console.log(Math.min(...trials)); // 200
