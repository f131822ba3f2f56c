/* Inside of the store: private to store*.c. */
#ifndef WG_PACKAGE_STORE_PRIV_H
#define WG_PACKAGE_STORE_PRIV_H

#include "package/store.h"

#include <sqlite3.h>

struct wg_store {
    char *folder;
    sqlite3 *db;
};

/* The last failure of the database, as a message. */
enum wg_status wg_store_sql_fail(struct wg_store *s, struct wg_err *err);
enum wg_status wg_store_prepare(struct wg_store *s, const char *sql, sqlite3_stmt **q,
                                struct wg_err *err) WG_NODISCARD;
/* Deletes the model of this name, when there is one, and its file rows. */
enum wg_status wg_store_delete_row(struct wg_store *s, const char *name,
                                   struct wg_err *err) WG_NODISCARD;

#endif
