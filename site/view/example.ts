import { byId, element } from './element.js';

// The example that can be edited and run.

const MOST_LINES = 200;

interface Answer {
  line?: string;
  isError?: boolean;
  end?: boolean;
}

/** Makes the example of the page work. `createWorker` makes the worker that runs it. */
export function startExample(createWorker: () => Worker): void {
  const code = byId<HTMLTextAreaElement>('code');
  const output = byId('output');
  const run = byId<HTMLButtonElement>('execute');
  const stop = byId<HTMLButtonElement>('stop');
  let worker: Worker | undefined;
  let lines = 0;

  const print = (text: string, kind = '') => {
    lines++;
    if (lines > MOST_LINES) return;
    const shown = lines === MOST_LINES ? '... further lines are left out' : text;
    output.append(element('span', { class: kind }, `${shown}\n`));
  };
  const end = () => {
    worker?.terminate();
    worker = undefined;
    run.disabled = false;
    stop.disabled = true;
  };
  const start = () => {
    end();
    output.replaceChildren();
    lines = 0;
    run.disabled = true;
    stop.disabled = false;
    const started = performance.now();
    worker = createWorker();
    worker.addEventListener('message', ({ data }: MessageEvent<Answer>) => {
      if (data.line !== undefined) print(data.line, data.isError ? 'bad' : '');
      if (!data.end) return;
      print(`done in ${Math.round(performance.now() - started)} ms`, 'quiet');
      end();
    });
    worker.addEventListener('error', ({ message }) => {
      print(message || 'the worker did not load', 'bad');
      end();
    });
    worker.postMessage(code.value);
  };

  run.addEventListener('click', start);
  stop.addEventListener('click', () => {
    print('stopped', 'quiet');
    end();
  });
  code.addEventListener('keydown', (event) => {
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) start();
  });
}
