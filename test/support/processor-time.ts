// Measures processor time, because elapsed time varies on a busy machine.

/** Milliseconds of user time, of all threads of this process, until the work is done. */
export async function processorMs(work: () => unknown): Promise<number> {
  const before = process.cpuUsage();
  await work();
  return process.cpuUsage(before).user / 1000;
}
