// Writes what squeue prints, for tests of its readers.

/** The mark of a call whose output a test writes. */
export const MARK = 'mark1234';

/** The columns of a call of squeue, before USER and NAME. */
export const COLUMNS = [
  ...['JOBID', 'JOBID', 'STATE', 'REASON', 'SUBMIT_TIME'],
  ...['START_TIME', 'END_TIME', 'PARTITION', 'NODELIST'],
];

export function record(fields: readonly string[]): string {
  return `\x1e${MARK}\x1f${fields.join('\x1f')}\x1d${MARK}\n`;
}

/** One record for each state, in the format of the call. @param args of the call, among them the format */
export function recordsOf(args: readonly string[], states: readonly string[]): string {
  const format = args.find((arg) => arg.startsWith('--format='))?.slice('--format='.length) ?? '';
  const header = format.replace('%A', 'JOBID').replaceAll(/%\w/g, 'HEADER');
  const rows = states.map((state, index) => {
    const id = String(index + 1);
    return format.replace('%A', id).replace('%i', id).replace('%T', state).replaceAll(/%\w/g, 'x');
  });
  return [header, ...rows].map((row) => `${row}\n`).join('');
}
