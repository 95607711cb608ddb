import { whole } from './numbers.js';

export interface FileInput {
  /** What is marked while a file is held over the page. */
  readonly area: HTMLElement;
  /** The control in which a file can be chosen. */
  readonly input: HTMLInputElement;
  readonly mostBytes: number;
  /** Gets the text of the file. */
  take(text: string): Promise<void>;
  /** Gets a sentence that says why a file is not read. */
  refuse(why: string): void;
}

/**
 * Reads the file that is chosen, or dropped anywhere on the page: for a file that misses its field, browsers would
 * leave the page.
 */
export function takeFiles({ area, input, mostBytes, take, refuse }: FileInput): void {
  const read = async (file: File | undefined) => {
    if (!file) return;
    if (file.size > mostBytes) {
      refuse(`${file.name} has ${whole(file.size)} bytes, want at most ${whole(mostBytes)}: take a part of the rows.`);
      return;
    }
    let text: string;
    try {
      text = await file.text();
    } catch {
      refuse(`${file.name} cannot be read, want a text file: a folder is none.`);
      return;
    }
    // what no text contains
    if (text.includes('\0')) refuse(`${file.name} is no text, want a CSV file.`);
    else await take(text);
  };
  const hasFiles = ({ dataTransfer }: DragEvent) => dataTransfer?.types.includes('Files') ?? false;
  for (const name of ['dragenter', 'dragover'] as const) {
    document.addEventListener(name, (event) => {
      if (!hasFiles(event)) return;
      event.preventDefault();
      area.classList.add('over');
    });
  }
  document.addEventListener('dragleave', ({ relatedTarget }) => {
    // the pointer has left the page, not only one of its elements
    if (!relatedTarget) area.classList.remove('over');
  });
  document.addEventListener('drop', (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    area.classList.remove('over');
    void read(event.dataTransfer?.files[0]);
  });
  // the same file may be chosen again, after it was changed
  input.addEventListener('click', () => {
    input.value = '';
  });
  input.addEventListener('change', () => void read(input.files?.[0]));
}
