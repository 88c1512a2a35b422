"""The API's OpenAPI document: its schemas derived from the types that requests are checked by."""
