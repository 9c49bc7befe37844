/** Places that everybody has agreed on. */

/** HOME of a user of the platform whom the image gives no other. */
export const defaultHome = "/tmp/home";

/** The roots of all users' homes and of all apps, by the platform's convention. */
export const sharedRoots: readonly string[] = ["/Users", "/Apps"];
