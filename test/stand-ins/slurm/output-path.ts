// Expands Slurm's patterns in the output path of a job (sbatch(1), filename pattern).
import { isAbsolute, join } from 'node:path';

export interface PathValues {
  readonly id: number;
  readonly name: string;
  readonly user: string;
  readonly workDir: string;
}

export function fillOutputPath(pattern: string, { id, name, user, workDir }: PathValues): string {
  const values: Readonly<Record<string, string>> = {
    '%': '%',
    A: String(id),
    J: String(id),
    j: String(id),
    N: 'n1',
    n: '0',
    s: 'batch',
    t: '0',
    u: user,
    x: name,
  };
  const path = pattern.replace(/%(\d*)([%AJjNnstux])/g, (_, width: string, letter: string) =>
    (values[letter] ?? '').padStart(Number(width), '0'),
  );
  return isAbsolute(path) ? path : join(workDir, path);
}
