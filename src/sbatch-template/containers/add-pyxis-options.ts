// Finds the Pyxis container of a template, around the whole script or what srun starts, and adds options for mounts to it.
import { DIRECTIVE_PREFIX, type DirectiveToken } from '../directives/tokenize-directives.ts';
import { endOfLine, type Insertion } from '../template-source.ts';
import type { LexedScript, Word } from '../shell/lexer-result.ts';
import type { PyxisAdditions, PyxisSpec, PyxisInsertionPoint } from '../template.ts';

export function findPyxisContainer(
  text: string,
  directives: readonly DirectiveToken[],
  { commands, comments }: Pick<LexedScript, 'commands' | 'comments'>,
): PyxisSpec | undefined {
  const namesJobFolder = hasOutsideComments(text, comments, /\bCLEARML_SLURM_JOB_FOLDER\b/g);
  const whole = readPlace(directives);
  if (whole !== undefined) {
    const mounts = mountsOf(directives);
    return { kind: 'script', insertionPoints: [whole], mounts, ...readHome(directives), namesJobFolder };
  }
  const starting = commands.filter((command) => readPlace(command.words) !== undefined);
  const places = starting.flatMap(({ words: its }) => readPlace(its) ?? []);
  // The option may be in an array or a variable, from which the command takes it.
  if (places.length === 0 && !hasOutsideComments(text, comments, /--container-image\b/g)) return undefined;
  const all = starting.flatMap((command) => command.words);
  return { kind: 'step', insertionPoints: places, mounts: mountsOf(all), ...readHome(all), namesJobFolder };
}

const IMAGE = /^--container-image(?:=|$)/;
const MOUNTS = /^--container-mounts(?:=|$)/;

function readPlace(words: readonly Word[]): PyxisInsertionPoint | undefined {
  const image = endOfOption(words, IMAGE);
  return image === undefined ? undefined : { imageEnd: image, mountsEnd: endOfOption(words, MOUNTS) };
}

/** Of several options, sbatch and srun use the last one. */
function endOfOption(words: readonly Word[], option: RegExp): number | undefined {
  const at = words.findLastIndex(({ text }) => option.test(text));
  const word = words[at];
  return word === undefined || word.text.includes('=') ? word?.end : words[at + 1]?.end;
}

function mountsOf(words: readonly Word[]): string {
  const at = words.findLastIndex(({ text }) => MOUNTS.test(text));
  const word = words[at]?.text ?? '';
  return word.includes('=') ? word.slice(word.indexOf('=') + 1) : (words[at + 1]?.text ?? '');
}

function readHome(words: readonly Word[]): { setsHome: boolean; mountsHome: boolean } {
  const mountsHome = words.some(({ text }) => text === '--container-mount-home');
  return { mountsHome, setsHome: mountsHome || words.some(({ text }) => text === '--no-container-mount-home') };
}

function hasOutsideComments(text: string, comments: readonly number[], wanted: RegExp): boolean {
  return [...text.matchAll(wanted)].some(({ index }) => {
    const lineStart = text.lastIndexOf('\n', index) + 1;
    return !comments.some((at) => at >= lineStart && at <= index);
  });
}

/** The insertions that add these mounts to a template. */
export function addPyxisOptions(text: string, form: PyxisSpec, { mounts, mountsHome }: PyxisAdditions): Insertion[] {
  const list = mounts.join(',');
  return form.insertionPoints.flatMap(({ imageEnd, mountsEnd }) => {
    const merged = list === '' || mountsEnd === undefined ? [] : [insert(mountsEnd, `,${list}`)];
    const options = [
      ...(list === '' || mountsEnd !== undefined ? [] : [`--container-mounts=${list}`]),
      ...(mountsHome ? ['--container-mount-home'] : []),
    ];
    if (options.length === 0) return merged;
    if (form.kind === 'step') return [...merged, insert(imageEnd, options.map((option) => ` ${option}`).join(''))];
    const lines = options.map((option) => `\n${DIRECTIVE_PREFIX} ${option}`).join('');
    return [...merged, insert(endOfLine(text, imageEnd), `${ADDED}${lines}`)];
  });
}

const ADDED = '\n# Added by clearml-agent-slurm: mounts that the job or the task needs in the container.';

function insert(at: number, text: string): Insertion {
  return { start: at, end: at, text };
}
