// What sbatch or bash would refuse about a template as a file, before anything in it is read.
import { catchTemplateError, type TemplateError } from './errors.ts';
import type { RefusalRule } from './refusal-rules.ts';
import { templateErrorAt, type TemplateSource } from './source.ts';

/** sbatch's default limit (slurm.conf(5), `max_script_size`); it counts bytes. */
const MAX_SCRIPT_BYTES = 4 * 1024 * 1024;

/** The shells whose quoting the values are written for. */
const INTERPRETER = /^#![ \t]*(?:\S*\/)?(?:env[ \t]+(?:-S[ \t]*)?)?(?:\S*\/)?(?:ba|da)?sh(?:[ \t]|$)/;

/** All that is wrong with the file as such. */
export function fileErrors(source: TemplateSource): TemplateError[] {
  const { text } = source;
  const problems: TemplateError[] = [];
  function found(at: number, rule: RefusalRule, finding: string): void {
    problems.push(templateErrorAt(source, at, rule, finding));
  }

  const hasMark = text.startsWith('\uFEFF');
  const firstLine = text.slice(hasMark ? 1 : 0).split('\n', 1)[0] ?? '';
  if (hasMark) {
    found(
      0,
      'byte-order-mark',
      'a byte order mark stands in front of #!, and sbatch refuses it: save the file as UTF-8 without one',
    );
  }
  if (!firstLine.startsWith('#!')) {
    found(0, 'no-shebang', 'the first line must begin with #!, or sbatch refuses the script: write #!/bin/bash');
  } else if (!INTERPRETER.test(firstLine.trimEnd())) {
    found(
      0,
      'interpreter',
      'a template is a script for bash (or sh), since values are quoted for it: write #!/bin/bash',
    );
  }
  const carriageReturn = text.indexOf('\r');
  if (carriageReturn !== -1) {
    found(carriageReturn, 'dos-line-end', "a DOS line end, which sbatch refuses: run sed -i 's/\\r$//' on the file");
  }
  const nul = text.indexOf('\0');
  if (nul !== -1) found(nul, 'nul-character', 'a NUL character, which sbatch refuses: take it out');
  catchTemplateError(problems, () => checkSize(source, text));
  return problems;
}

/** @throws TemplateError when sbatch would refuse the script for its size */
export function checkSize(source: TemplateSource, script: string): void {
  const bytes = Buffer.byteLength(script);
  if (bytes <= MAX_SCRIPT_BYTES) return;
  throw templateErrorAt(
    source,
    0,
    'script-too-long',
    `the script is ${bytes} bytes long, and sbatch takes ${MAX_SCRIPT_BYTES} at most: keep large texts in files`,
  );
}
