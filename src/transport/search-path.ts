// A PATH without what depends on where a program starts: others may have put programs there.

const USUAL = '/usr/local/bin:/usr/bin:/bin';

/** An empty element is the working folder (exec(3)), and so is an empty PATH. Pure. */
export function absoluteElements(path: string): string {
  return (
    path
      .split(':')
      .filter((element) => element.startsWith('/'))
      .join(':') || USUAL
  );
}
