// What squeue prints for the format that it is asked for: one record for each state.

/** @param args of the call, among them the format */
export function recordsOf(args: readonly string[], states: readonly string[]): string {
  const format = args.find((arg) => arg.startsWith('--format='))?.slice('--format='.length) ?? '';
  const header = format.replace('%A', 'JOBID').replaceAll(/%\w/g, 'HEADER');
  const rows = states.map((state, index) => {
    const id = String(index + 1);
    return format.replace('%A', id).replace('%i', id).replace('%T', state).replaceAll(/%\w/g, 'x');
  });
  return [header, ...rows].map((row) => `${row}\n`).join('');
}
