/// The nginx in front of the API server: it ends TLS and checks client certificates.
///
/// Not the ingress's, so that a fault of the ingress leaves the API standing. kubectl sends no credentials to a
/// server without TLS.
enum APIFront {
  /// The port of the API server, on an address that the sandbox has for itself.
  static let port: UInt16 = 6_443

  /// The configuration: everything goes to a Unix socket, with the client certificate's verdict in a header.
  static func configuration(address: String, certificates: Certificates, socket: String) -> String {
    """
      access_log off;
      # A command's streams take the connection over; everything else keeps it for the next request.
      map $http_upgrade $connection_to_api { default upgrade; "" ""; }
      server {
        listen \(address):\(port) ssl;
        ssl_certificate \(certificates.folder)/api.crt;
        ssl_certificate_key \(certificates.folder)/api.key;
        ssl_client_certificate \(certificates.authority);
        ssl_verify_client optional;
        client_max_body_size 8m;
        keepalive_timeout 10m;
        location / {
          proxy_pass http://unix:\(socket):;
          proxy_http_version 1.1;
          proxy_set_header Host $http_host;
          proxy_set_header Connection $connection_to_api;
          proxy_set_header Upgrade $http_upgrade;
          proxy_set_header X-Client-Verify $ssl_client_verify;
          # A watch sends nothing for as long as nothing changes, and each event at once.
          proxy_buffering off;
          proxy_read_timeout 1h;
        }
      }
    """
  }
}
