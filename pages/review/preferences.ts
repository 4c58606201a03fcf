// What the page remembers of its reviewer in this browser: how it looks and behaves, nothing of the photos.

type Preference = 'photos' | 'keys';

const prefix = 'facededup.';

export function remembered(preference: Preference): string | null {
  try {
    return localStorage.getItem(prefix + preference);
  } catch {
    // A browser may refuse to keep anything.
    return null;
  }
}

export function remember(preference: Preference, value: string): void {
  try {
    localStorage.setItem(prefix + preference, value);
  } catch {
    // Then it holds until the page is closed.
  }
}
