"""FOSSBilling: its client and staff API below ``/api/{role}/{module}/{method}``."""
