// Finds options of ssh_config that are set but that the provider ssh2 does not apply. Pure.

/** Options that select the connection or its security. ssh2 has its own defaults for them. */
const UNSUPPORTED = [
  ...['Ciphers', 'MACs', 'KexAlgorithms', 'HostKeyAlgorithms', 'PubkeyAcceptedAlgorithms', 'PubkeyAcceptedKeyTypes'],
  ...['RekeyLimit', 'RequiredRSASize', 'VerifyHostKeyDNS', 'BindAddress', 'BindInterface', 'AddressFamily'],
  ...['IdentitiesOnly', 'PreferredAuthentications', 'PubkeyAuthentication', 'HostbasedAuthentication'],
] as const;

/**
 * The options that differ from ssh's defaults.
 * @param given output of `ssh -G HOST`
 * @param defaults the same without any configuration (`-F none`)
 */
export function unsupportedOptions(given: string, defaults: string): string[] {
  const [values, usual] = [parseValues(given), parseValues(defaults)];
  return UNSUPPORTED.filter((name) => {
    const key = name.toLowerCase();
    return values.has(key) && values.get(key) !== usual.get(key);
  });
}

function parseValues(text: string): ReadonlyMap<string, string> {
  return new Map(
    text.split('\n').map((line): [string, string] => {
      const [key = '', ...rest] = line.trim().split(' ');
      return [key.toLowerCase(), rest.join(' ')];
    }),
  );
}

/** For the log and for doctor. */
export function unsupportedMessage(host: string, options: readonly string[]): string {
  return `The provider ssh2 ignores ${options.join(', ')} in ~/.ssh/config for ${host}. To apply them, set "provider: openssh".`;
}
