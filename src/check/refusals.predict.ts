// For simdprop/predict, a small download: its errors name fewer ways out.

export const refused = <E extends Error>(error: E): E => error;

export const takeRefusal = (): undefined => undefined;

export const withoutQuotes = (): string => '';
